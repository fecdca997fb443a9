"""All shards to one verdict: read bundles, reconcile, judge."""
