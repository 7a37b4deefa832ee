"""OpenTelemetry for Routilux."""
