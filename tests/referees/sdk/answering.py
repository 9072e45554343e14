"""How a referee is talked to: one JSON object a line, a scenario and what it is given, and one line back.

Runs in the environment of the SDK, with nothing of Rushes in reach.
"""

import json
import sys
import traceback


def answer(scenarios, described):
    """Runs what each line of stdin asks for; `described` turns the SDK's own errors into JSON, others into None."""
    answers, sys.stdout = sys.stdout, sys.stderr  # an SDK may print
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            reply = {"result": scenarios[asked["scenario"]](**asked["given"])}
        except Exception as error:
            known = described(error)
            reply = {"traceback": traceback.format_exc()} if known is None else {"error": known}
        print(json.dumps(reply, default=str), file=answers, flush=True)
