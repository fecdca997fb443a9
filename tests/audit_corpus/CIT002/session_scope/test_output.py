def test_output(output, private_output):
    assert output != private_output
