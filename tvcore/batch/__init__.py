"""From a case to a batch job: plan, script, schedulers."""
