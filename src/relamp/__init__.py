"""relamp re-runs LAMP and M-Mix end to end and says, number by number, whether they hold."""

__version__ = "0.1.0"
