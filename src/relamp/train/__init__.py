"""Training loops by domain, saved and resumed."""
