"""Job script templates (Jinja2, strict)."""
