"""The three stages that turn messages into skills, and the scheduler that runs them.

    message ──extract──▶ task ──distill──▶ lesson ──write──▶ skill version

They communicate through committed rows only; no stage calls another.
"""
