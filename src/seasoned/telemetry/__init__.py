"""Metrics, traces and logs. None of them contains text of messages or skills."""
