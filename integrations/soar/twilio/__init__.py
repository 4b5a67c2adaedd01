"""Splunk SOAR app for Twilio."""
