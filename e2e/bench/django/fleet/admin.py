from django.contrib import admin

from .models import HerdFacts, Instance


@admin.register(Instance)
class InstanceAdmin(admin.ModelAdmin):
    list_display = (
        "title",
        "environment",
        "role",
        "state",
        "version",
        "port",
        "lag_bytes",
        "lag_seconds",
        "sync_state",
        "observed_at",
    )
    list_filter = ("environment", "role", "state", "version", "sync_state", "has_pending_restart")
    list_select_related = ("environment",)
    search_fields = ("title",)
    list_per_page = 100
    ordering = ("title",)
    # Counts beside the choices came with Django 5.0; where it has them it shows them, as the console does.
    if hasattr(admin, "ShowFacets"):
        show_facets = admin.ShowFacets.ALWAYS


@admin.register(HerdFacts)
class HerdFactsAdmin(admin.ModelAdmin):
    list_display = (
        "name",
        "environment",
        "state",
        "member_count",
        "online_count",
        "lag_bytes",
        "version",
        "size_bytes",
        "pooler_state",
        "dns_state",
    )
    list_filter = ("environment", "state", "version", "pooler_state", "dns_state", "preferred_site")
    list_select_related = ("environment",)
    search_fields = ("name",)
    list_per_page = 100
    ordering = ("name",)
    if hasattr(admin, "ShowFacets"):
        show_facets = admin.ShowFacets.ALWAYS
