"""Metrics as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

from hulk.runtime.telemetry import Metrics


def test_metrics_are_written_as_prometheus_reads_them() -> None:
    metrics = Metrics()
    metrics.counter("hulk_tickets", "Tickets opened.", ["kind"]).labels("review").inc(2)
    metrics.histogram("hulk_step_duration_seconds", "Duration of steps.").observe(0.03)
    metrics.gauge("hulk_running", "Runs being executed.").set(3)
    families = {family.name: family for family in text_string_to_metric_families(metrics.render().decode())}
    assert families["hulk_tickets"].documentation == "Tickets opened."
    assert families["hulk_tickets"].samples[0].value == 2
    assert families["hulk_running"].samples[0].value == 3
    assert [sample.labels["le"] for sample in families["hulk_step_duration_seconds"].samples if sample.name.endswith("_bucket")][:3] == [
        "0.005",
        "0.01",
        "0.025",
    ]
    assert "process_resident_memory_bytes" in families


def test_two_programs_in_one_process_do_not_share_metrics() -> None:
    one, two = Metrics(), Metrics()
    one.counter("hulk_tickets", "Tickets.").inc()
    two.counter("hulk_tickets", "Tickets.")
    assert b"hulk_tickets_total 1.0" in one.render()
    assert b"hulk_tickets_total 0.0" in two.render()
