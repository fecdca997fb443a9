from pathlib import Path

HERE = Path(__file__).parent


def all_cases(directory):
    cases = HERE / directory
    assert cases.is_dir()
    return [path.stem for path in cases.iterdir()]
