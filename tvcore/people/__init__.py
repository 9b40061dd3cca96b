"""People: accounts, API tokens, projects and their members, invitations: what a person can do with them."""
