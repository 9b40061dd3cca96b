"""The document of a session: what it says, what may be done to it, its versions, and itself as a file."""

SESSION = "main"  # the one that there is
