"""What examples/fleet says, as JSON: the arguments of the Job, or the answers to the questions.

fleet.py job JOB.yaml            validates the Job, and prints the arguments of its container
fleet.py queries README.md       runs each query in the folder at hand, and prints the rows of those that make no table
"""

import json
import re
import sys

what, file = sys.argv[1:]
text = open(file, encoding="utf-8").read()
if what == "job":
    import kubernetes_validate
    import yaml

    for resource in yaml.safe_load_all(text.replace("DAY", "2026-11-29")):
        kubernetes_validate.validate(resource, "1.37", strict=True)
        if resource["kind"] == "Job":
            [container] = resource["spec"]["template"]["spec"]["containers"]
            completions = resource["spec"]["completions"]
    print(json.dumps({"args": container["args"], "completions": completions}))
else:
    import duckdb

    answers = []
    for query in re.findall(r"```sql\n(.*?)```", text, re.S):
        rows = duckdb.execute(query).fetchall()
        # Those that make tables only count.
        if not query.startswith("CREATE"):
            answers.append([[str(cell) for cell in row] for row in rows])
    print(json.dumps(answers))
