from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "agentfactory_cs.customers"
    verbose_name = "Customers"
