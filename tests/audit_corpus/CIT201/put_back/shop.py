class Settings:
    CLOSED = "closed"

    is_ready = False
    mode = CLOSED
    config = None


class Other(Settings):
    config = None
