"""Telling addresses outside of events, by the Standard Webhooks rules (https://www.standardwebhooks.com)."""
