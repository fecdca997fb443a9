import json
import os


def dump(path, data):
    _write(path, json.dumps(data))


def _write(path, text):
    with open(path, "w") as file:  # CIT001
        file.write(text)


def save_settings(directory, values):
    with open(os.path.join(directory, "settings.json"), "w") as file:  # CIT001
        json.dump(values, file)


def save_privately(directory, values):
    with open(os.path.join(directory, "settings.json"), "w") as file:
        json.dump(values, file)
