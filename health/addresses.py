"""Where our people find something in the console, as whole addresses for what leaves the site."""

from django.conf import settings
from django.urls import reverse


def customer_address(customer_id: int) -> str:
    return settings.SITE_ADDRESS + reverse("admin:customers_customer_overview", args=(customer_id,))


def alerts_address() -> str:
    return settings.SITE_ADDRESS + reverse("admin:health_alert_changelist")


def report_address(report_id: int) -> str:
    return settings.SITE_ADDRESS + reverse("admin:health_weeklyreport_change", args=(report_id,))
