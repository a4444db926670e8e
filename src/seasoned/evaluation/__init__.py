"""Proof that what was learned helps: cases from past sessions, runs of an agent on them, and verdicts."""
