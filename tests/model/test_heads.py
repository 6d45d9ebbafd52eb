import torch

from relamp.model.heads import prediction_head, projection_head


def test_projection_head_is_two_layers_with_relu_between() -> None:
    head = projection_head(3, torch.Generator().manual_seed(0))
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    hidden = (x @ head[0].weight.T + head[0].bias).clamp_min(0)
    torch.testing.assert_close(head(x), hidden @ head[2].weight.T + head[2].bias)


def test_prediction_head_is_one_layer() -> None:
    head = prediction_head(3, 2, torch.Generator().manual_seed(0))
    assert [tuple(p.shape) for p in head.parameters()] == [(2, 3), (2,)]
