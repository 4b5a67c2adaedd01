"""Twilio SMS: `notify.<name>` by text."""
