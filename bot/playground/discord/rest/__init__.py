"""The REST API: one module per subject, and the way every request goes."""
