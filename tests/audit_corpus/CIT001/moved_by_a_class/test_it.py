import os
from tempfile import TemporaryDirectory


class WorkingDirectory(TemporaryDirectory):
    def __enter__(self):
        self.before = os.getcwd()
        os.chdir(self.name)
        return super().__enter__()

    def __exit__(self, *error):
        os.chdir(self.before)
        return super().__exit__(*error)


def test_in_a_directory_of_its_own():
    with WorkingDirectory():
        with open("found.json", "w") as stream:
            stream.write("{}")


def test_in_one_that_it_is_not_in():
    with TemporaryDirectory():  # CIT004
        with open("absolute.json", "w") as stream:  # CIT001
            stream.write("{}")


def test_after_it_has_left():
    with WorkingDirectory():
        pass
    with open("left.json", "w") as stream:  # CIT001
        stream.write("{}")
