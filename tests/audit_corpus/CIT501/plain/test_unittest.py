import threading
import time
import unittest


class Waits(unittest.TestCase):
    def setUp(self):
        self.done = []
        self.thread = threading.Thread(target=self.done.append, args=(1,))
        self.thread.start()

    def tearDown(self):
        time.sleep(0.1)
        self.thread.join()

    def test_waits(self):
        time.sleep(0.1)  # CIT501
        self.assertEqual(self.done, [1])
