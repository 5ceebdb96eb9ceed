"""On what data? Arrays on the device, official splits, batch augmentation."""
