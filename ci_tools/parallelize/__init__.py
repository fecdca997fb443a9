"""Serial runs of a suite and parallel ones, compared: may it be run in parallel?"""
