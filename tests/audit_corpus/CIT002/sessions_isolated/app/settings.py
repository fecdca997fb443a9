from dataclasses import dataclass
from pathlib import Path


@dataclass
class Settings:
    sessions_dir: Path = Path("data/sessions")


settings = Settings()
