import unittest


class Sets(unittest.TestCase):
    def test_list(self):
        self.assertEqual(list({"a", "b"}), ["a", "b"])  # CIT505

    def test_same(self):
        self.assertCountEqual(list({"a", "b"}), ["a", "b"])
        self.assertEqual(sorted({"a", "b"}), ["a", "b"])
        self.assertEqual({"a", "b"}, {"b", "a"})
