"""The peer of the rules bench: one process a rule, as cron starts them. Reads the rule, asks one query per condition and member, writes the decision."""
import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from fleet.models import Herd, Instance  # noqa: E402

# Whose figure, its place in a row of samples, for how many minutes, and what it must stay under: what the rule says in words.
CONDITIONS = json.loads(os.environ["BENCH_CONDITIONS"])


def worst(cursor, subject, place, minutes):
    cursor.execute(
        "select max(figures[%s]), count(figures[%s]) from samples_fresh where subject = %s and at > now() - %s * interval '1 minute'",
        [place, place, subject, max(minutes, 3)],
    )
    return cursor.fetchone()


def decide(rule_id):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select herd_id, type from sizing_rules where id = %s for update skip locked", [rule_id])
        herd_id, wanted = cursor.fetchone()
        herd = Herd.objects.select_related("environment").get(id=herd_id)
        cursor.execute("select name from calendars where environment_id is null or environment_id = %s", [herd.environment_id])
        cursor.fetchall()
        members = list(Instance.objects.filter(herd_id=herd_id).select_related("server"))
        primary = next(one for one in members if one.role == "primary")
        verdicts = []
        for member in members:
            if member.role == "primary":
                continue
            cursor.execute("select type from machines where server_id = %s and tie = 'tied'", [member.server_id])
            figures = []
            for condition in CONDITIONS:
                of = primary if condition["primary"] else member
                subject = of.server_id if condition["host"] else of.id
                high, count = worst(cursor, subject, condition["place"], condition["minutes"])
                figures.append({"high": high, "passes": count > 0 and high < condition["below"]})
            verdicts.append({"member": str(member.id), "chosen": all(one["passes"] for one in figures), "figures": figures})
        cursor.execute(
            "insert into bench_decisions (rule_id, decided_at, members) values (%s, %s, %s)",
            [rule_id, timezone.now(), json.dumps(verdicts)],
        )


decide(sys.argv[1])
