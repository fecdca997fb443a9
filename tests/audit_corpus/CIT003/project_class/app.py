import os


class Cache:
    def __init__(self, root):
        self.root = root

    def put(self, key, value):
        os.makedirs(self.root)  # CIT003
        with open(os.path.join(self.root, key), "w") as file:  # CIT003
            file.write(value)
