"""What several handlers do: ending the waits of an execution, settling its end, recording a release."""
