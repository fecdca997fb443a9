"""What calls do outside of the process: the files they write, the ports they bind, the databases they open."""
