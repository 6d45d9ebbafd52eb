"""Tables and figures, in one style, each with a sidecar that says how it was made."""
