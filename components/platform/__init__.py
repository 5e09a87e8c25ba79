"""The parts of the platform: pipeline, builds, worker, endpoints, event rules, monitoring, outputs."""
