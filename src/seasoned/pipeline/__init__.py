"""The three stages that turn messages into skills, and the scheduler that runs them.

    message ──extract──▶ task ──distill──▶ lesson ──write──▶ skill version

They hand over through committed rows only; no stage calls another.
"""
