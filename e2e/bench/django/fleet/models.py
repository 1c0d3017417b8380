from django.db import models


class Environment(models.Model):
    id = models.UUIDField(primary_key=True)
    name = models.TextField()

    class Meta:
        managed = False
        db_table = "environments"
        ordering = ["name"]

    def __str__(self):
        return self.name


class Server(models.Model):
    id = models.UUIDField(primary_key=True)
    hostname = models.TextField()
    environment = models.ForeignKey(Environment, models.PROTECT)

    class Meta:
        managed = False
        db_table = "servers"

    def __str__(self):
        return self.hostname


class Herd(models.Model):
    id = models.UUIDField(primary_key=True)
    name = models.TextField()
    environment = models.ForeignKey(Environment, models.PROTECT)

    class Meta:
        managed = False
        db_table = "herds"

    def __str__(self):
        return self.name


class Instance(models.Model):
    id = models.UUIDField(primary_key=True)
    title = models.TextField()
    herd = models.ForeignKey(Herd, models.PROTECT)
    server = models.ForeignKey(Server, models.PROTECT)
    environment = models.ForeignKey(Environment, models.PROTECT)
    role = models.TextField(choices=[(word, word) for word in ("primary", "standby", "unknown")])
    state = models.TextField(
        choices=[
            (word, word)
            for word in ("online", "starting", "stopping", "stopped", "crashed", "absent", "refused", "unreachable", "unknown")
        ]
    )
    version = models.TextField(null=True)
    port = models.IntegerField()
    lag_bytes = models.BigIntegerField(null=True)
    lag_seconds = models.FloatField(null=True)
    sync_state = models.TextField(null=True, choices=[(word, word) for word in ("sync", "quorum", "potential", "async")])
    has_pending_restart = models.BooleanField()
    observed_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "instances"
        ordering = ["title"]

    def __str__(self):
        return self.title


class HerdFacts(models.Model):
    herd = models.OneToOneField(Herd, models.PROTECT, primary_key=True)
    name = models.TextField()
    environment = models.ForeignKey(Environment, models.PROTECT)
    preferred_site = models.TextField()
    state = models.TextField(
        choices=[
            (word, word)
            for word in ("empty", "split-brain", "no-primary", "mixed", "degraded", "stale", "lagging", "healthy")
        ]
    )
    member_count = models.IntegerField()
    online_count = models.IntegerField()
    lag_bytes = models.BigIntegerField(null=True)
    version = models.TextField(null=True)
    size_bytes = models.BigIntegerField(null=True)
    pooler_state = models.TextField(null=True, choices=[(word, word) for word in ("paused", "stale", "down", "unknown", "right")])
    dns_state = models.TextField(null=True, choices=[(word, word) for word in ("wrong", "unknown", "right")])

    class Meta:
        managed = False
        db_table = "herd_facts"
        ordering = ["name"]

    def __str__(self):
        return self.name
