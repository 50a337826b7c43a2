"""The disk: partitions, GRUB for UEFI and BIOS, two slots, data. Made of files alone: no loop device, no mount."""
