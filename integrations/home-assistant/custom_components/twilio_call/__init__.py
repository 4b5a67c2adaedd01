"""Twilio Phone: `notify.<name>` by call."""
