"""The metrics page."""

from polydex import metrics


def test_what_is_counted_is_on_the_page() -> None:
    metrics.http_request("/v1/contacts/{id}", "GET", 200, 0.01)
    metrics.provider_request("carddav", "207", 0.3)
    metrics.provider_request("carddav", "provider.timeout", 25.0)
    page = metrics.render().decode()
    assert 'polydex_http_requests_total{method="GET",route="/v1/contacts/{id}",status="200"} 1.0' in page
    assert 'polydex_http_request_seconds_count{route="/v1/contacts/{id}"} 1.0' in page
    assert 'polydex_provider_requests_total{provider="carddav",status="207"}' in page
    assert 'polydex_provider_requests_total{provider="carddav",status="provider.timeout"}' in page
    assert 'polydex_provider_request_seconds_bucket{le="0.5",provider="carddav"}' in page
