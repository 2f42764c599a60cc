"""Language models: what signals, finetune and serve share. Only `losses` and `reward` import torch
when they are imported."""
