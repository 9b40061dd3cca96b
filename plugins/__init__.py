"""The bundled cases, each written as an outside author would."""
