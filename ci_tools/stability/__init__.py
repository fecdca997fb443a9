"""How a suite behaves when it runs otherwise: in parallel, in another order, often; and which test is to blame."""
