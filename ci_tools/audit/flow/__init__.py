"""What a unit does: its code followed in order, with what is known of each value."""
