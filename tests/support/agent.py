"""A scripted agent, run as a program: it answers a prompt on standard input as the skill in its home says.

Without a skill it gets easy cases right and hard ones wrong. It is quick to start, as it imports almost nothing.
"""

import os
import sys

prompt, told = sys.stdin.read(), ""
skills = os.path.join(os.environ["HOME"], ".claude", "skills")  # noqa: PTH118
for folder in os.listdir(skills) if os.path.isdir(skills) else ():  # noqa: PTH112, PTH208
    with open(os.path.join(skills, folder, "SKILL.md")) as file:  # noqa: PTH118, PTH123
        told += file.read()
answer = "wrong" if "hard" in prompt else "right"
for word in ("right", "wrong"):
    answer = word if f"Always answer {word}" in told else answer
with open("answer.txt", "w") as file:  # noqa: PTH123
    file.write(f"{answer}\n")
ours = sorted(name for name in os.environ if name.startswith("SEASONED_"))
print(f"I answered {answer} at home in {os.environ['HOME']} with {', '.join(ours)}.")
