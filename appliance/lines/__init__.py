"""The program that keeps the serial lines that stand in no call's way: printers of call records, the front panel.

It reads the store and asks the daemon, and must write neither: a printer that hangs or a panel that is torn off costs
nobody a call, and the panel tells the truth while no daemon lives.
"""
