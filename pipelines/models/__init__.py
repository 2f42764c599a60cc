"""Language models: what signals, finetune and serve share. Only `losses` imports torch when it is imported."""
