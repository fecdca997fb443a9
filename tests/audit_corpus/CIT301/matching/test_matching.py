def test_matching(each_test, per_class, dynamic, not_a_request, uses_the_overridden):
    assert each_test
